output "function_urn" {
  description = "URN of the function."
  value       = huaweicloud_fgs_function.bridge.urn
}
