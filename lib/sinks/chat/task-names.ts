import type { Language } from "./text.ts";

/**
 * Names for people of the tasks that Huawei Cloud's documentation or its Terraform provider mention. The API's set is
 * open; other names are shown as they are.
 */
const taskNames: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  bindInstancePublicIp: { en: "Bind public IP", zh: "绑定公网 IP" },
  unbindInstancePublicIp: { en: "Unbind public IP", zh: "解绑公网 IP" },
  modifyAutoTopic: { en: "Change automatic topic creation", zh: "修改自动创建 Topic" },
  kafkaConfigModify: { en: "Change parameters", zh: "修改配置参数" },
  changeRetentionPolicy: { en: "Change retention policy", zh: "修改容量阈值策略" },
  kafkaResetConsumerOffset: { en: "Reset consumer offset", zh: "重置消费进度" },
  kafkaAutoReassignment: { en: "Reassign partitions", zh: "分区平衡" },
  EXTEND: { en: "Change specifications", zh: "变更规格" },
  ChangeInstanceSpec: { en: "Change specifications", zh: "变更规格" },
  BindEip: { en: "Bind public IP", zh: "绑定公网 IP" },
  UnBindEip: { en: "Unbind public IP", zh: "解绑公网 IP" },
  AddReplica: { en: "Add replica", zh: "添加副本" },
  DelReplica: { en: "Remove replica", zh: "删除副本" },
  AddWhitelist: { en: "Change whitelist", zh: "修改白名单" },
  UpdatePort: { en: "Change port", zh: "修改端口" },
  RemoveIpFromDns: { en: "Remove IP from domain name", zh: "摘除域名 IP" },
  masterStandbySwapJob: { en: "Switch master and standby", zh: "主备倒换" },
  DeleteAcl: { en: "Delete account", zh: "删除账号" },
};

/** The task's name for people; null when it is not known. */
export const taskNameFor = (name: string, language: Language): string | null =>
  Object.hasOwn(taskNames, name) ? (taskNames[name]?.[language] ?? null) : null;
