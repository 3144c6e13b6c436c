"""Running recipes: the loop, resume, the learning-rate search, and the plan beforehand."""
