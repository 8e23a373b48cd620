"""What an org was taught to do when records are saved: rules, triggers, formulas, roll-ups."""
