"""SQS in front of moto, which keeps queues and messages: what moto forgets of a queue."""
