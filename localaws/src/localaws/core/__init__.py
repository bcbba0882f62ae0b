"""What services share: who is calling, the clock, the store, workers, clients of this same cloud.

Nothing here is about one service.
"""
