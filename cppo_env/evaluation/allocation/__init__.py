"""Spend a budget of attempts on a batch of problems by what the next attempt is worth.

finished runs → attempts in order → chances learnt on other problems → prospects → allocation
"""
