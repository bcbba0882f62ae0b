"""Notification rules of the developer tools: events of CodePipeline, CodeBuild and CodeCommit sent to SNS topics."""
