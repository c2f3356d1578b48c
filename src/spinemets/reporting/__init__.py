"""The report of a cohort: one HTML file whose every number was read from a released file."""
