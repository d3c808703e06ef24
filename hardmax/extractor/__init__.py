"""From a trained model to a Program, passes over Programs, and drawings of them."""
