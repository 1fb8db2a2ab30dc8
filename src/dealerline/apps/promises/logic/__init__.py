"""Rules and queries of the app; the API and the jobs call them."""
