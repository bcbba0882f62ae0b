"""The depth of a queue as a metric, for the alarms that watch one: ApproximateNumberOfMessagesVisible of SQS.

It is taken when an alarm looks at it; an empty queue reports nothing, as an idle one on AWS. No other metric of SQS is
here.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from localaws.core.caller import Caller
from localaws.services.cloudwatch.alarms import Place, Series

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

NAMESPACE, DEPTH = "AWS/SQS", "ApproximateNumberOfMessagesVisible"


def report_depth(cloud: Cloud, place: Place, series: Series, end: datetime) -> None:
    """Put what the queue of ``series`` holds now into the period that ends at ``end``."""
    names = [value for name, value in series.dimensions if name == "QueueName"]
    if (series.namespace, series.name) != (NAMESPACE, DEPTH) or len(names) != 1:
        return
    caller = Caller.root(place.account, place.region)
    sqs = cloud.client("sqs", caller)
    try:
        url = sqs.get_queue_url(QueueName=names[0])["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    except sqs.exceptions.QueueDoesNotExist:
        return  # on AWS, too, nothing is reported of it
    depth = int(found["Attributes"]["ApproximateNumberOfMessages"])
    if depth:
        datum = {
            "MetricName": DEPTH,
            "Dimensions": [{"Name": "QueueName", "Value": names[0]}],
            "Timestamp": end - timedelta(seconds=1),
            "Value": float(depth),
            "Unit": "Count",
        }
        cloud.client("cloudwatch", caller).put_metric_data(Namespace=NAMESPACE, MetricData=[datum])
