output "function_urn" {
  description = "URN of the function."
  value       = opentelekomcloud_fgs_function_v2.bridge.urn
}
