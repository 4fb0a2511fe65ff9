// Applies a MutatingAdmissionPolicy to pods with the API server's own code: its CEL
// environment, type checks, cost limits and JSON Patch. Reads {"policy", "pods"} as JSON
// and writes {"errors", "pods"}; a pod that the policy leaves alone comes back as it was.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	v1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

type question struct {
	Policy v1.MutatingAdmissionPolicy `json:"policy"`
	Pods   []corev1.Pod               `json:"pods"`
}

type answer struct {
	Errors []string      `json:"errors"`
	Pods   []*corev1.Pod `json:"pods"`
}

var (
	podGVR = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	podGVK = schema.GroupVersionKind{Version: "v1", Kind: "Pod"}
	stored = environment.NewExpressions
)

func main() {
	var asked question
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(admit(asked))
}

func admit(asked question) answer {
	given := answer{Errors: []string{}, Pods: []*corev1.Pod{}}
	spec := asked.Policy.Spec
	compiler, err := cel.NewCompositedCompiler(
		environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		given.Errors = append(given.Errors, err.Error())
		return given
	}
	options := cel.OptionalVariableDeclarations{HasAuthorizer: true}
	for _, each := range spec.Variables {
		result := compiler.CompileAndStoreVariable(
			&validating.Variable{Name: each.Name, Expression: each.Expression}, options, stored)
		if result.Error != nil {
			given.Errors = append(given.Errors, each.Name+": "+result.Error.Error())
		}
	}
	conditions := make([]cel.ExpressionAccessor, len(spec.MatchConditions))
	for i := range spec.MatchConditions {
		conditions[i] = (*matchconditions.MatchCondition)(&spec.MatchConditions[i])
	}
	evaluator := compiler.CompileCondition(conditions, options, stored)
	for _, each := range evaluator.CompilationErrors() {
		given.Errors = append(given.Errors, each.Error())
	}
	matcher := matchconditions.NewMatcher(
		evaluator, spec.FailurePolicy, "policy", "mutating", asked.Policy.Name)
	options.HasPatchTypes = true
	mutating := compiler.CompileMutatingEvaluator(
		&patch.JSONPatchCondition{Expression: spec.Mutations[0].JSONPatch.Expression},
		options, stored)
	for _, each := range mutating.CompilationErrors() {
		given.Errors = append(given.Errors, each.Error())
	}
	for i := range asked.Pods {
		pod, err := apply(compiler, matcher, patch.NewJSONPatcher(mutating), &asked.Pods[i])
		if err != nil {
			given.Errors = append(given.Errors, err.Error())
		}
		given.Pods = append(given.Pods, pod)
	}
	return given
}

func apply(compiler *cel.CompositedCompiler, matcher matchconditions.Matcher,
	patcher patch.Patcher, pod *corev1.Pod) (*corev1.Pod, error) {
	pod.SetGroupVersionKind(podGVK)
	context := compiler.CreateContext(context.Background())
	attributes := &admission.VersionedAttributes{
		Attributes: admission.NewAttributesRecord(pod, nil, podGVK, "ml", pod.Name, podGVR,
			"", admission.Create, &metav1.CreateOptions{}, false, nil),
		VersionedKind:   podGVK,
		VersionedObject: pod,
	}
	match := matcher.Match(context, attributes, nil, nil)
	if match.Error != nil || !match.Matches {
		return pod, match.Error
	}
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return pod, err
	}
	changed, err := patcher.Patch(context, patch.Request{
		MatchedResource:     podGVR,
		VersionedAttributes: attributes,
		ObjectInterfaces:    admission.NewObjectInterfacesFromScheme(scheme),
	}, celconfig.RuntimeCELCostBudget)
	if err != nil {
		return pod, err
	}
	return changed.(*corev1.Pod), nil
}
