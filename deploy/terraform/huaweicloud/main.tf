# The bridge on FunctionGraph: a function, its timer, its agency, a bucket for the records, and what tells when it fails.
terraform {
  required_version = ">= 1.5"
  required_providers {
    huaweicloud = {
      source  = "huaweicloud/huaweicloud"
      # The first of summer 2025 have `enable_auth_in_header`.
      version = ">= 1.76"
    }
  }
}

locals {
  from_image = var.image != null
}

resource "huaweicloud_obs_bucket" "records" {
  bucket = var.bucket
  acl    = "private"
  # Versions are objects of their own, which the bridge removes itself: the bucket must keep none.
  versioning = false
}

resource "huaweicloud_identity_role" "bridge" {
  name        = var.name
  description = "Reads the background tasks of DMS, keeps records in one bucket, publishes to one topic"
  type        = "XA"
  policy = jsonencode({
    Version = "1.1"
    Statement = [
      {
        Effect = "Allow"
        Action = ["dms:instance:list", "dms:instance:getBackgroundTask"]
      },
      {
        Effect = "Allow"
        Action = ["smn:topic:publish"]
      },
    ]
  })
}

resource "huaweicloud_identity_role" "records" {
  name        = "${var.name}-records"
  description = "Keeps records in one bucket"
  type        = "AX"
  policy = jsonencode({
    Version = "1.1"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["obs:bucket:ListBucket"]
        Resource = ["OBS:*:*:bucket:${var.bucket}"]
      },
      {
        Effect   = "Allow"
        Action   = ["obs:object:GetObject", "obs:object:PutObject", "obs:object:DeleteObject"]
        Resource = ["OBS:*:*:object:${var.bucket}/*"]
      },
    ]
  })
}

resource "huaweicloud_identity_agency" "bridge" {
  name        = var.name
  description = "Lets FunctionGraph run the bridge"
  # The provider reads a cloud service's name back into this argument, and into no other.
  delegated_service_name = "op_svc_cff"

  project_role {
    project = var.region
    # FunctionGraph pulls an image and makes a CTS trigger with the agency's rights, and has no lesser roles for them.
    roles = concat(
      [huaweicloud_identity_role.bridge.name],
      local.from_image ? ["SWR Admin"] : [],
      length(var.wake_on) > 0 ? ["CTS Administrator"] : [],
    )
  }
  domain_roles = [huaweicloud_identity_role.records.name]
}

resource "huaweicloud_fgs_function" "bridge" {
  name        = var.name
  description = "Delivers the status changes of DMS background tasks"
  app         = "default"
  agency      = huaweicloud_identity_agency.bridge.name
  memory_size = 256
  timeout     = 65
  # Overlapping runs are safe. A wake must not wait for a run that follows a task.
  max_instance_num    = length(var.wake_on) > 0 ? "2" : "1"
  encrypted_user_data = jsonencode(var.secrets)

  runtime = local.from_image ? "Custom Image" : var.runtime
  handler = local.from_image ? "-" : "index.handler"

  # The provider refuses a code type beside an image.
  code_type     = local.from_image ? null : "zip"
  code_filename = local.from_image ? null : "functiongraph.zip"
  func_code     = local.from_image ? null : filebase64(var.zip)

  # The agency's key comes in each call's headers.
  enable_auth_in_header = local.from_image

  dynamic "custom_image" {
    for_each = local.from_image ? [var.image] : []
    content {
      url  = custom_image.value
      args = "functiongraph,--config,/bridge/bridge.config.yaml,--time-limit,65s"
    }
  }
}

resource "huaweicloud_fgs_function_trigger" "minute" {
  function_urn = huaweicloud_fgs_function.bridge.urn
  type         = "TIMER"
  event_data = jsonencode({
    name          = "minute"
    schedule_type = "Rate"
    schedule      = "1m"
  })
}

# A timer's calls are asynchronous: the next minute's is the repeat, and one that waited a minute is late.
resource "huaweicloud_fgs_async_invoke_configuration" "bridge" {
  function_urn                   = huaweicloud_fgs_function.bridge.urn
  max_async_retry_attempts       = 0
  max_async_event_age_in_seconds = 60

  on_failure {
    destination = "SMN"
    param       = jsonencode({ topic_urn = var.alarm_topic_urn })
  }
}

resource "huaweicloud_ces_alarmrule" "failures" {
  alarm_name        = "${var.name}-failures"
  alarm_description = "Runs in which a stream could not be read or recorded"

  metric {
    namespace = "SYS.FunctionGraph"
  }
  resources {
    dimensions {
      name  = "package-functionname"
      value = "default-${var.name}"
    }
  }
  condition {
    metric_name         = "failcount"
    period              = 300
    filter              = "sum"
    comparison_operator = ">="
    value               = 3
    count               = 1
    suppress_duration   = 3600
  }
  alarm_actions {
    type              = "notification"
    notification_list = [var.alarm_topic_urn]
  }
}

# Wakes the function within seconds of a call that starts a task; the timer stays, as not every task has a trace.
resource "huaweicloud_fgs_function_trigger" "wake" {
  count = length(var.wake_on) > 0 ? 1 : 0

  function_urn = huaweicloud_fgs_function.bridge.urn
  type         = "CTS"
  event_data = jsonencode({
    name       = replace(var.name, "-", "_")
    operations = [for each in var.wake_on : "DMS:${each.resource}:${join(";", each.trace_names)}"]
  })
}
