"""The deployment code: one module per verb, decisions that are pure, gateways that alone reach AWS.

It knows AWS through boto3 and nothing else; whether AWS or the embedded AWS answers is AWS_ENDPOINT_URL's business.
"""
