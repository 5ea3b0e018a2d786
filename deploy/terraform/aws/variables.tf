variable "name" {
  description = "Name of the function; what it uses is named after it."
  type        = string
  default     = "dms-task-bridge"
}

variable "zip" {
  description = "The artifact of `npm run package`, zipped."
  type        = string
  default     = "dist/lambda.zip"
}

variable "secrets" {
  description = "Names of the parameters that the configuration reads by `ssm:`. The function may read these, and no others."
  type        = list(string)
  default = [
    "/dms-task-bridge/prod/huawei-ak",
    "/dms-task-bridge/prod/huawei-sk",
    "/dms-task-bridge/prod/sink-url",
  ]
}

variable "alarm_email" {
  description = "Address that the alarms are mailed to, once it has confirmed. Without it, subscribe to the topic yourself."
  type        = string
  default     = null
}
