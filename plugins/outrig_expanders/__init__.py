"""Expressions that stand for several values of a parameter: `case:`, `linspace:` and the like."""
