"""What Salesforce's errors mean."""
