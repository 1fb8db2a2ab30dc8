"""What people promised customers, and what else they have to do: promises and tasks, reminded of and reported."""
