"""Labels for requests that a service has seen, made by stronger models."""
