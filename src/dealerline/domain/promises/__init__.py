"""What one of ours promised a customer: its states, its times, and how well such promises are kept."""
