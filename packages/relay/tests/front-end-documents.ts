/** The operations of front ends that were made for the known relay, reduced to what they ask of names, arguments and types. */
export const DOCUMENTS: Readonly<Record<string, string>> = {
  tenant: `query ($id: String!) { itPolitoCrownlabsV1alpha2Tenant(name: $id) {
    metadata { name creationTimestamp }
    spec { email firstName lastName lastLogin publicKeys personalWorkspace { cpu memory instances }
      workspaces { role name workspaceWrapperTenantV1alpha2 { itPolitoCrownlabsV1alpha1Workspace {
        spec { prettyName quota { cpu memory instances } } status { namespace { name } } } } } }
    status { personalNamespace { name created } } } }`,
  tenants: `query ($l: String) { itPolitoCrownlabsV1alpha2TenantList(labelSelector: $l) { items { metadata { name labels } spec { workspaces { name role } } } } }`,
  workspace: `query ($n: String!) { itPolitoCrownlabsV1alpha1Workspace(name: $n) { spec { prettyName autoEnroll quota { cpu memory disk instances otherResources } } } }`,
  workspaces: `query ($l: String) { itPolitoCrownlabsV1alpha1WorkspaceList(labelSelector: $l) { items { metadata { name } spec { prettyName autoEnroll } } } }`,
  templates: `query ($ns: String!) { itPolitoCrownlabsV1alpha2TemplateList(namespace: $ns) { items { metadata { name namespace } spec { prettyName description allowPublicExposure nodeSelector
    environmentList { name environmentType image guiEnabled persistent resources { cpu disk memory } } workspaceCrownlabsPolitoItWorkspaceRef { name } } } } }`,
  sharedVolumes: `query ($ns: String!) { itPolitoCrownlabsV1alpha2SharedVolumeList(namespace: $ns) { items { metadata { name } spec { prettyName size } status { phase } } } }`,
  images: `query { itPolitoCrownlabsV1alpha1ImageListList { items { spec { registryName images { name versions } } } } }`,
  instances: `query ($ns: String!) { listCrownlabsPolitoItV1alpha2NamespacedInstance(namespace: $ns) { items {
    metadata { name namespace labels creationTimestamp }
    status { phase url nodeName nodeSelector environments { name phase ip initialReadyTime } publicExposure { externalIP phase ports { name port targetPort } } }
    spec { running prettyName nodeSelector publicExposure { ports { name port targetPort } }
      tenantCrownlabsPolitoItTenantRef { name tenantV1alpha2Wrapper { itPolitoCrownlabsV1alpha2Tenant { spec { firstName lastName } } } }
      templateCrownlabsPolitoItTemplateRef { name namespace templateWrapper { itPolitoCrownlabsV1alpha2Template { spec { prettyName
        environmentList { name guiEnabled persistent environmentType } } } } } } } } }`,
  instancesByLabel: `query ($labels: String) { itPolitoCrownlabsV1alpha2InstanceList(labelSelector: $labels) { items { metadata { name } } } }`,
  allTemplates: `query { listCrownlabsPolitoItV1alpha2TemplateForAllNamespaces { items { metadata { name } } } }`,
  nodeLabels: `query { getLabels { key value } }`,
  createInstance: `mutation ($ns: String!, $t: String!, $wns: String!, $id: String!, $g: String = "instance-", $sel: JSON) {
    createCrownlabsPolitoItV1alpha2NamespacedInstance(namespace: $ns, itPolitoCrownlabsV1alpha2InstanceInput: { kind: "Instance", apiVersion: "crownlabs.polito.it/v1alpha2",
      metadata: { generateName: $g }, spec: { templateCrownlabsPolitoItTemplateRef: { name: $t, namespace: $wns },
      tenantCrownlabsPolitoItTenantRef: { name: $id, namespace: $ns }, nodeSelector: $sel } }) { metadata { name namespace } status { phase } } }`,
  createTemplate: `mutation ($ns: String!, $d: String!, $r: ResourcesInput!, $type: EnvironmentType!, $vol: [SharedVolumeMountsListItemInput], $drive: Boolean!) {
    createCrownlabsPolitoItV1alpha2NamespacedTemplate(namespace: $ns, itPolitoCrownlabsV1alpha2TemplateInput: { kind: "Template", apiVersion: "crownlabs.polito.it/v1alpha2",
      spec: { prettyName: "t", description: $d, environmentList: [{ name: "default", environmentType: $type, image: "i", guiEnabled: true, persistent: false, resources: $r,
      mountMyDriveVolume: $drive, sharedVolumeMounts: $vol }], workspaceCrownlabsPolitoItWorkspaceRef: { name: "w" } }, metadata: { generateName: "template-", namespace: $ns } }) { metadata { name } } }`,
  createEnvironments: `mutation ($ns: String!, $list: [EnvironmentListListItemInput]!) { createCrownlabsPolitoItV1alpha2NamespacedTemplate(namespace: $ns,
    itPolitoCrownlabsV1alpha2TemplateInput: { spec: { environmentList: $list } }) { metadata { name } } }`,
  createSharedVolume: `mutation ($ns: String!, $size: JSON!) { createCrownlabsPolitoItV1alpha2NamespacedSharedVolume(namespace: $ns,
    itPolitoCrownlabsV1alpha2SharedVolumeInput: { kind: "SharedVolume", apiVersion: "crownlabs.polito.it/v1alpha2", metadata: { generateName: "shvol-" },
    spec: { prettyName: "v", size: $size } }) { metadata { name } } }`,
  createWorkspace: `mutation ($n: String!, $auto: AutoEnroll, $cpu: BigInt!, $memory: JSON!, $disk: JSON, $other: JSON, $labels: JSON!, $instances: BigInt!) {
    createCrownlabsPolitoItV1alpha1Workspace(itPolitoCrownlabsV1alpha1WorkspaceInput: { kind: "Workspace", apiVersion: "crownlabs.polito.it/v1alpha1",
      spec: { prettyName: "w", autoEnroll: $auto, quota: { cpu: $cpu, memory: $memory, disk: $disk, otherResources: $other, instances: $instances } },
      metadata: { name: $n, labels: $labels } }) { metadata { name } } }`,
  applyInstance: `mutation ($n: String!, $ns: String!, $p: String!, $m: String!) { patchCrownlabsPolitoItV1alpha2NamespacedInstance(name: $n, namespace: $ns, force: true,
    fieldManager: $m, applicationApplyPatchYamlInput: $p) { spec { running } } }`,
  applyTemplate: `mutation ($n: String!, $ns: String!, $p: String!, $m: String!) { patchCrownlabsPolitoItV1alpha2NamespacedTemplate(name: $n, namespace: $ns, force: true,
    fieldManager: $m, applicationApplyPatchYamlInput: $p) { metadata { name } } }`,
  applySharedVolume: `mutation ($n: String!, $ns: String!, $p: String!, $m: String!) { patchCrownlabsPolitoItV1alpha2NamespacedSharedVolume(name: $n, namespace: $ns, force: true,
    fieldManager: $m, applicationApplyPatchYamlInput: $p) { metadata { name } } }`,
  applyTenant: `mutation ($n: String!, $p: String!, $m: String!) { patchCrownlabsPolitoItV1alpha2Tenant(name: $n, force: true, fieldManager: $m, applicationApplyPatchYamlInput: $p) { metadata { name } } }`,
  patchTemplate: `mutation ($n: String!, $ns: String!, $p: String!, $m: String!) { patchCrownlabsPolitoItV1alpha2NamespacedTemplateJsonPatch(name: $n, namespace: $ns,
    fieldManager: $m, applicationJsonPatchJsonInput: $p) { metadata { name } } }`,
  patchTenant: `mutation ($n: String!, $p: String!, $m: String!) { patchCrownlabsPolitoItV1alpha2TenantJsonPatch(name: $n, fieldManager: $m, applicationJsonPatchJsonInput: $p) { metadata { name } } }`,
  patchWorkspace: `mutation ($n: String!, $p: String!, $m: String!) { patchCrownlabsPolitoItV1alpha1WorkspaceJsonPatch(name: $n, fieldManager: $m, applicationJsonPatchJsonInput: $p) { metadata { name } } }`,
  deleteInstance: `mutation ($n: String!, $ns: String!) { deleteCrownlabsPolitoItV1alpha2NamespacedInstance(name: $n, namespace: $ns) { kind } }`,
  deleteTemplate: `mutation ($n: String!, $ns: String!) { deleteCrownlabsPolitoItV1alpha2NamespacedTemplate(name: $n, namespace: $ns) { kind } }`,
  deleteSharedVolume: `mutation ($n: String!, $ns: String!) { deleteCrownlabsPolitoItV1alpha2NamespacedSharedVolume(name: $n, namespace: $ns) { kind } }`,
  deleteTenant: `mutation ($n: String!) { deleteCrownlabsPolitoItV1alpha2Tenant(name: $n) { kind } }`,
  deleteWorkspace: `mutation ($n: String!) { deleteCrownlabsPolitoItV1alpha1Workspace(name: $n) { kind } }`,
  deleteInstances: `mutation ($ns: String!, $labels: String) { deleteCrownlabsPolitoItV1alpha2CollectionNamespacedInstance(namespace: $ns, labelSelector: $labels) { kind } }`,
  followInstances: `subscription ($ns: String!, $n: String) { itPolitoCrownlabsV1alpha2InstanceUpdate(namespace: $ns, name: $n) { updateType payload { metadata { name } status { phase } } } }`,
  followTemplates: `subscription ($ns: String!) { itPolitoCrownlabsV1alpha2TemplateUpdate(namespace: $ns) { updateType payload { metadata { name } } } }`,
  followTenant: `subscription ($n: String!) { itPolitoCrownlabsV1alpha2TenantUpdate(name: $n) { updateType payload { metadata { name } } } }`,
  followLabels: `subscription ($labels: String) { itPolitoCrownlabsV1alpha2InstanceLabelsUpdate(labelSelector: $labels) { updateType payload { metadata { name namespace } } } }`,
};
