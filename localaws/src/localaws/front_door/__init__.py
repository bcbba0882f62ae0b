"""The way in: HTTP to operations and back. It reads requests by AWS's service models and keeps no state of its own."""
