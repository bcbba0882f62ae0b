"""moto, which answers what no service here implements, and how its state is kept."""
