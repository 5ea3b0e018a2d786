output "checkpoint_table" {
  description = "Name of the table of records; `BRIDGE_TABLE` for the command line."
  value       = aws_dynamodb_table.checkpoints.name
}

output "failed_runs_queue" {
  description = "URL of the queue of runs that failed."
  value       = aws_sqs_queue.failed_runs.url
}

output "alarm_topic" {
  description = "ARN of the topic that the alarms go to."
  value       = aws_sns_topic.alarms.arn
}
