"""`outrig snapshot …`"""
