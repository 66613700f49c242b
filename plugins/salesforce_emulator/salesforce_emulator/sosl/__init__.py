"""Search: which records hold some words. SOQL and SOSL Reference, "SOSL Syntax"."""
