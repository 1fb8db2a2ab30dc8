"""Groups of customers by rule; labels and levels set by them; the loyalty index and the risk of loss."""
