"""What an org does with rows by itself: rules, triggers, assignment."""
