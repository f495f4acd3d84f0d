"""`outrig store …`"""
