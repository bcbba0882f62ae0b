"""The resource types: each a short class that creates, updates and deletes by ordinary API calls.

``implementation`` finds one by name. A type that AWS has and localaws does not fails its resource with a reason.
"""
