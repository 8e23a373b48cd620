"""From what is wanted and what there is to SQL: resolve, render, check, diff. No connection."""
