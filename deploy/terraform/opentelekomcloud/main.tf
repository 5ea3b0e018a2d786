# The bridge on FunctionGraph of Open Telekom Cloud: a function, its timer, its agency, a bucket for the records, and what tells when it fails.
terraform {
  required_version = ">= 1.5"
  required_providers {
    opentelekomcloud = {
      source  = "opentelekomcloud/opentelekomcloud"
      version = ">= 1.36.55"
    }
  }
}

locals {
  from_image = var.image != null
}

resource "opentelekomcloud_obs_bucket" "records" {
  bucket = var.bucket
  region = var.region
  acl    = "private"
  # Versions are objects of their own, which the bridge removes itself: the bucket must keep none.
  versioning = false
}

resource "opentelekomcloud_identity_role_v3" "bridge" {
  display_name  = var.name
  display_layer = "project"
  description   = "Reads the background tasks of DMS, publishes to SMN"

  statement {
    effect = "Allow"
    action = ["dms:instance:list", "dms:instance:getBackgroundTask"]
  }
  statement {
    effect = "Allow"
    action = ["smn:topic:publish"]
  }
}

resource "opentelekomcloud_identity_role_v3" "records" {
  display_name  = "${var.name}-records"
  display_layer = "domain"
  description   = "Keeps records in one bucket"

  statement {
    effect   = "Allow"
    action   = ["obs:bucket:ListBucket"]
    resource = ["OBS:*:*:bucket:${var.bucket}"]
  }
  statement {
    effect   = "Allow"
    action   = ["obs:object:GetObject", "obs:object:PutObject", "obs:object:DeleteObject"]
    resource = ["OBS:*:*:object:${var.bucket}/*"]
  }
}

# The provider refuses agencies where its own `tenant_name` is set.
resource "opentelekomcloud_identity_agency_v3" "bridge" {
  name                  = var.name
  description           = "Lets FunctionGraph run the bridge"
  delegated_domain_name = "op_svc_cff"

  project_role {
    project = var.region
    # FunctionGraph pulls an image and makes a CTS trigger with the agency's rights, and has no lesser roles for them.
    roles = concat(
      [opentelekomcloud_identity_role_v3.bridge.display_name],
      local.from_image ? ["SWR Administrator"] : [],
      length(var.wake_on) > 0 ? ["CTS Administrator"] : [],
    )
  }
  domain_roles = [opentelekomcloud_identity_role_v3.records.display_name]
}

# The provider only reads `enable_auth_in_header`: for an image, switch on Include Keys in the console after each change here.
resource "opentelekomcloud_fgs_function_v2" "bridge" {
  name        = var.name
  description = "Delivers the status changes of DMS background tasks"
  app         = "default"
  agency      = opentelekomcloud_identity_agency_v3.bridge.name
  memory_size = 256
  timeout     = 65
  # Overlapping runs are safe, and do nothing useful.
  max_instance_num    = "1"
  encrypted_user_data = jsonencode(var.secrets)

  runtime   = local.from_image ? "Custom Image" : var.runtime
  handler   = local.from_image ? "-" : "index.handler"
  code_type = local.from_image ? "Custom-Image-Swr" : "zip"

  code_filename = local.from_image ? null : "functiongraph.zip"
  func_code     = local.from_image ? null : filebase64(var.zip)

  dynamic "custom_image" {
    for_each = local.from_image ? [var.image] : []
    content {
      url  = custom_image.value
      args = "functiongraph,--config,/bridge/bridge.config.yaml,--time-limit,65s"
    }
  }
}

resource "opentelekomcloud_fgs_trigger_v2" "minute" {
  function_urn = opentelekomcloud_fgs_function_v2.bridge.urn
  type         = "TIMER"
  event_data = jsonencode({
    name          = "minute"
    schedule_type = "Rate"
    schedule      = "1m"
  })
}

# A timer's calls are asynchronous: the next minute's is the repeat, and one that waited a minute is late.
resource "opentelekomcloud_fgs_async_invoke_config_v2" "bridge" {
  function_urn                   = opentelekomcloud_fgs_function_v2.bridge.urn
  max_async_retry_attempts       = 0
  max_async_event_age_in_seconds = 60

  on_failure {
    destination = "SMN"
    param       = jsonencode({ topic_urn = var.alarm_topic_urn })
  }
}

# This resource has no pause between repeats of an alarm, `suppress_duration` on Huawei Cloud.
resource "opentelekomcloud_ces_alarmrule" "failures" {
  alarm_name        = "${var.name}-failures"
  alarm_description = "Runs in which a stream could not be read or recorded"

  metric {
    namespace   = "SYS.FunctionGraph"
    metric_name = "failcount"
    dimensions {
      name  = "package-functionname"
      value = "default-${opentelekomcloud_fgs_function_v2.bridge.name}"
    }
  }
  condition {
    period              = 300
    filter              = "sum"
    comparison_operator = ">="
    value               = 3
    count               = 1
  }
  alarm_actions {
    type              = "notification"
    notification_list = [var.alarm_topic_urn]
  }
}

# Wakes the function within seconds of a call that starts a task; the timer stays, as not every task has a trace.
resource "opentelekomcloud_fgs_trigger_v2" "wake" {
  count = length(var.wake_on) > 0 ? 1 : 0

  function_urn = opentelekomcloud_fgs_function_v2.bridge.urn
  type         = "CTS"
  event_data = jsonencode({
    name       = replace(var.name, "-", "_")
    operations = [for each in var.wake_on : "DMS:${each.resource}:${join(";", each.trace_names)}"]
  })
}
