"""`outrig provider …`"""
