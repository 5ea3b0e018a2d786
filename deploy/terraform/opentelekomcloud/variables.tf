variable "name" {
  description = "Name of the function, its agency and its alarm."
  type        = string
  default     = "dms-task-bridge"
}

variable "region" {
  description = "Region of the DMS instances and of the function; also the name of its project."
  type        = string
}

variable "bucket" {
  description = "Name of the bucket for the records. It is made, and must be free in all of OBS."
  type        = string
}

variable "alarm_topic_urn" {
  description = "SMN topic that is told when runs fail."
  type        = string
}

variable "image" {
  description = "The image in SWR with the configuration in it, such as swr.eu-de.otc.t-systems.com/ORGANIZATION/dms-task-bridge:0.1.0."
  type        = string
  default     = null
}

variable "zip" {
  description = "The artifact of `npm run package:functiongraph`, zipped. Used where there is no image."
  type        = string
  default     = "dist/functiongraph.zip"
}

variable "runtime" {
  description = "The runtime for the zip, which needs Node.js 22.18. Where the region has none, use an image."
  type        = string
  default     = "Node.js22.18"
}

variable "secrets" {
  description = "Encrypted variables of the function: what the configuration names as $${NAME}."
  type        = map(string)
  default     = {}
  sensitive   = true
}

variable "wake_on" {
  description = "CTS operations that start the function at once. Their names differ by engine and site: CTS's list of DMS operations has them."
  type = list(object({
    resource    = string
    trace_names = list(string)
  }))
  default = []
}
