# The bridge on Lambda: a function, its timer and role, a table for the records, and a queue of the runs that failed. It makes what serverless.yml makes, save the dashboard.
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source = "hashicorp/aws"
      # The first ones do not know the runtime nodejs24.x.
      version = ">= 6.19"
    }
  }
}

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

resource "aws_dynamodb_table" "checkpoints" {
  name         = "${var.name}-checkpoints"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  range_key    = "sk"
  # It may hold events that nobody has read: switch this off only when you mean to delete them.
  deletion_protection_enabled = true

  attribute {
    name = "pk"
    type = "S"
  }
  attribute {
    name = "sk"
    type = "S"
  }
  attribute {
    name = "activityPart"
    type = "S"
  }
  attribute {
    name = "activeMs"
    type = "N"
  }

  # Which records owe a delivery or have an open task, without a look at all of them.
  global_secondary_index {
    name            = "activity"
    hash_key        = "activityPart"
    range_key       = "activeMs"
    projection_type = "KEYS_ONLY"
  }

  server_side_encryption {
    enabled = true
  }
  point_in_time_recovery {
    enabled = true
  }
  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }
}

# What the platform gave up: runs that failed as a whole, or in which a stream could not be read.
resource "aws_sqs_queue" "failed_runs" {
  name                      = "${var.name}-failed-runs"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 345600
}

data "aws_iam_policy_document" "failed_runs" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.failed_runs.arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "failed_runs" {
  queue_url = aws_sqs_queue.failed_runs.id
  policy    = data.aws_iam_policy_document.failed_runs.json
}

resource "aws_cloudwatch_log_group" "poll" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = 30
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "poll" {
  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.poll.arn}:*"]
  }
  statement {
    sid = "Checkpoints"
    actions = [
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
      # What waits beside a checkpoint.
      "dynamodb:DeleteItem",
      "dynamodb:Query",
    ]
    resources = [aws_dynamodb_table.checkpoints.arn]
  }
  statement {
    sid       = "Activity"
    actions   = ["dynamodb:Query", "dynamodb:Scan"]
    resources = ["${aws_dynamodb_table.checkpoints.arn}/index/activity"]
  }
  statement {
    sid       = "FailedRuns"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.failed_runs.arn]
  }
  dynamic "statement" {
    for_each = length(var.secrets) > 0 ? [var.secrets] : []
    content {
      sid     = "Secrets"
      actions = ["ssm:GetParameter"]
      resources = [
        for name in statement.value :
        "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/${trimprefix(name, "/")}"
      ]
    }
  }
}

resource "aws_iam_role" "poll" {
  name_prefix        = var.name
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "poll" {
  name   = "poll"
  role   = aws_iam_role.poll.id
  policy = data.aws_iam_policy_document.poll.json
}

resource "aws_lambda_function" "poll" {
  function_name    = var.name
  description      = "Delivers the status changes of DMS background tasks"
  role             = aws_iam_role.poll.arn
  runtime          = "nodejs24.x"
  architectures    = ["arm64"]
  handler          = "poll.handler"
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  memory_size      = 512
  # Within the minute between two runs. The run ends its work 6 s before.
  timeout = 65
  # Overlapping runs are safe, but do nothing useful.
  reserved_concurrent_executions = 1

  environment {
    variables = {
      NODE_OPTIONS = "--enable-source-maps"
      BRIDGE_TABLE = aws_dynamodb_table.checkpoints.name
    }
  }

  # Lambda makes a log group of its own, which keeps all, for a function that runs before its group is there.
  depends_on = [aws_cloudwatch_log_group.poll, aws_iam_role_policy.poll]
}

# The next run repeats what this one left.
resource "aws_lambda_function_event_invoke_config" "poll" {
  function_name                = aws_lambda_function.poll.function_name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed_runs.arn
    }
  }
}

resource "aws_cloudwatch_event_rule" "minute" {
  name                = "${var.name}-minute"
  schedule_expression = "rate(1 minute)"
}

resource "aws_cloudwatch_event_target" "minute" {
  rule = aws_cloudwatch_event_rule.minute.name
  arn  = aws_lambda_function.poll.arn
}

resource "aws_lambda_permission" "minute" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.poll.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.minute.arn
}
