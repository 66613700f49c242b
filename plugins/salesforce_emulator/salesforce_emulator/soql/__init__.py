"""Run SOQL statements. SOQL and SOSL Reference, "SOQL SELECT Syntax"."""
