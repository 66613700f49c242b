"""SOQL: statement in, records out. SOQL and SOSL Reference, "SOQL SELECT Syntax"."""
