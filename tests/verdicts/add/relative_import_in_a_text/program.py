a, b = map(int, input().split())
print(a + b)
"""
from . import x
import .
import ,
"""
