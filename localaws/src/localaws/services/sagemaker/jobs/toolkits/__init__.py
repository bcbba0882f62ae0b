"""What an image does by itself, one module an image: scripts that run in the model's process, never in localaws."""
