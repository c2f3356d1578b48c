"""Evaluating scores and risks on censored data: discrimination, overall error, comparison."""
