"""`outrig sweep …`"""
