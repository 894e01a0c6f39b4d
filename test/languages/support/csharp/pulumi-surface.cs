// For tests only, and nothing that runs: what the generated SDK for .NET and the C# programs of the docs use of the package
// `Pulumi`, as its sources declare it (github.com/pulumi/pulumi-dotnet, sdk/Pulumi, 3.x), with bodies that do nothing. Where
// another overload could be chosen, every overload is here. NULLSPACE_TEST_PULUMI_DOTNET compares it with those sources.

#pragma warning disable CS8618, CS0169, CS0414

using System;
using System.Collections;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Threading.Tasks;

namespace Pulumi
{
    [AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
    public sealed class InputAttribute : Attribute
    {
        public InputAttribute(string name, bool required = false, bool json = false) { }
    }

    [AttributeUsage(AttributeTargets.Property)]
    public sealed class OutputAttribute : Attribute
    {
        public OutputAttribute(string? name = null) { }
    }

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class OutputTypeAttribute : Attribute { }

    [AttributeUsage(AttributeTargets.Constructor)]
    public sealed class OutputConstructorAttribute : Attribute { }

    [AttributeUsage(AttributeTargets.Struct)]
    public sealed class EnumTypeAttribute : Attribute { }

    [AttributeUsage(AttributeTargets.Class)]
    public class ResourceTypeAttribute : Attribute
    {
        public ResourceTypeAttribute(string type, string? version) { }
    }

    public sealed class Output<T>
    {
        private Output() { }
        public Output<ValueTuple> Apply(Func<T, Task> func) => throw null!;
        public Output<TResult> Apply<TResult>(Func<T, TResult> func) => throw null!;
        public Output<TResult> Apply<TResult>(Func<T, Task<TResult>> func) => throw null!;
        public Output<TResult> Apply<TResult>(Func<T, Input<TResult>?> func) => throw null!;
        public Output<TResult> Apply<TResult>(Func<T, Output<TResult>?> func) => throw null!;
    }

    public static partial class Output
    {
        public static Output<T> Create<T>(T value) => throw null!;
        public static Output<T> Create<T>(Task<T> value) => throw null!;
        public static Output<T> CreateSecret<T>(T value) => throw null!;
        public static Output<T> CreateSecret<T>(Task<T> value) => throw null!;
        public static Output<T> CreateSecret<T>(Output<T> value) => throw null!;
        public static Output<ImmutableArray<T>> All<T>(params Input<T>[] inputs) => throw null!;
        public static Output<ImmutableArray<T>> All<T>(IEnumerable<Input<T>> inputs) => throw null!;
        public static Output<ImmutableArray<T>> All<T>(params Output<T>[] outputs) => throw null!;
        public static Output<ImmutableArray<T>> All<T>(IEnumerable<Output<T>> outputs) => throw null!;
        public static Output<(T1, T2)> Tuple<T1, T2>(Input<T1> item1, Input<T2> item2) => throw null!;
        public static Output<(T1, T2)> Tuple<T1, T2>(Output<T1> item1, Output<T2> item2) => throw null!;
    }

    public class Input<T>
    {
        private protected Input() { }
        public static implicit operator Input<T>(T value) => throw null!;
        public static implicit operator Input<T>(Output<T> value) => throw null!;
        public static implicit operator Output<T>(Input<T> input) => throw null!;
    }

    public static class InputExtensions
    {
        public static Output<TResult> Apply<T, TResult>(this Input<T>? input, Func<T, TResult> func) => throw null!;
        public static Output<TResult> Apply<T, TResult>(this Input<T>? input, Func<T, Task<TResult>> func) => throw null!;
        public static Output<TResult> Apply<T, TResult>(this Input<T>? input, Func<T, Input<TResult>?> func) => throw null!;
        public static Output<TResult> Apply<T, TResult>(this Input<T>? input, Func<T, Output<TResult>?> func) => throw null!;
    }

    public sealed class InputList<T> : Input<ImmutableArray<T>>, IEnumerable
    {
        public InputList() { }
        public void Add(params Input<T>[] inputs) { }
        public void Add(InputList<T> inputs) { }
        IEnumerator IEnumerable.GetEnumerator() => throw null!;
        public static implicit operator InputList<T>(T value) => throw null!;
        public static implicit operator InputList<T>(Output<T> value) => throw null!;
        public static implicit operator InputList<T>(Input<T> value) => throw null!;
        public static implicit operator InputList<T>(T[] values) => throw null!;
        public static implicit operator InputList<T>(Output<T>[] values) => throw null!;
        public static implicit operator InputList<T>(Input<T>[] values) => throw null!;
        public static implicit operator InputList<T>(List<T> values) => throw null!;
        public static implicit operator InputList<T>(List<Output<T>> values) => throw null!;
        public static implicit operator InputList<T>(List<Input<T>> values) => throw null!;
        public static implicit operator InputList<T>(ImmutableArray<T> values) => throw null!;
        public static implicit operator InputList<T>(ImmutableArray<Output<T>> values) => throw null!;
        public static implicit operator InputList<T>(ImmutableArray<Input<T>> values) => throw null!;
        public static implicit operator InputList<T>(Output<T[]> values) => throw null!;
        public static implicit operator InputList<T>(Output<List<T>> values) => throw null!;
        public static implicit operator InputList<T>(Output<IEnumerable<T>> values) => throw null!;
        public static implicit operator InputList<T>(Output<ImmutableArray<T>> values) => throw null!;
    }

    public sealed class InputMap<TValue> : Input<ImmutableDictionary<string, TValue>>, IEnumerable
    {
        public InputMap() { }
        public void Add(string key, Input<TValue> value) { }
        public void Add(InputMap<TValue> values) { }
        public Input<TValue> this[string key] { set { } }
        IEnumerator IEnumerable.GetEnumerator() => throw null!;
        public static implicit operator InputMap<TValue>(Dictionary<string, TValue> values) => throw null!;
        public static implicit operator InputMap<TValue>(ImmutableDictionary<string, TValue> values) => throw null!;
        public static implicit operator InputMap<TValue>(Output<Dictionary<string, TValue>> values) => throw null!;
        public static implicit operator InputMap<TValue>(Output<IDictionary<string, TValue>> values) => throw null!;
        public static implicit operator InputMap<TValue>(Output<ImmutableDictionary<string, TValue>> values) => throw null!;
    }

    public readonly struct Union<T0, T1>
    {
        public static implicit operator Union<T0, T1>(T0 t) => throw null!;
        public static implicit operator Union<T0, T1>(T1 t) => throw null!;
    }

    public sealed class InputUnion<T0, T1> : Input<Union<T0, T1>>
    {
        public InputUnion() { }
        public static implicit operator InputUnion<T0, T1>(Union<T0, T1> value) => throw null!;
        public static implicit operator InputUnion<T0, T1>(T0 value) => throw null!;
        public static implicit operator InputUnion<T0, T1>(T1 value) => throw null!;
        public static implicit operator InputUnion<T0, T1>(Input<T0> value) => throw null!;
        public static implicit operator InputUnion<T0, T1>(Input<T1> value) => throw null!;
        public static implicit operator InputUnion<T0, T1>(Output<Union<T0, T1>> value) => throw null!;
        public static implicit operator InputUnion<T0, T1>(Output<T0> value) => throw null!;
        public static implicit operator InputUnion<T0, T1>(Output<T1> value) => throw null!;
    }

    public abstract class InputArgs
    {
        protected InputArgs() { }
    }

    public abstract class ResourceArgs : InputArgs
    {
        public static readonly ResourceArgs Empty;
        protected ResourceArgs() { }
    }

    public abstract class InvokeArgs : InputArgs
    {
        public static readonly InvokeArgs Empty;
        protected InvokeArgs() { }
    }

    public class Resource
    {
        private protected Resource() { }
        public Output<string> Urn => throw null!;
    }

    public class CustomResource : Resource
    {
        public Output<string> Id => throw null!;
        public CustomResource(string type, string name, ResourceArgs? args, CustomResourceOptions? options = null) { }
    }

    public class ProviderResource : CustomResource
    {
        public ProviderResource(string package, string name, ResourceArgs args, CustomResourceOptions? options = null)
            : base(package, name, args, options) { }
    }

    public abstract partial class ResourceOptions
    {
        public Input<string>? Id { get; set; }
        public ProviderResource? Provider { get; set; }
        public string? Version { get; set; }
        public string? PluginDownloadURL { get; set; }
        public List<string> ReplaceOnChanges { get; set; }
    }

    public sealed class CustomResourceOptions : ResourceOptions
    {
        public List<string> AdditionalSecretOutputs { get; set; }
        public static CustomResourceOptions Merge(CustomResourceOptions? options1, CustomResourceOptions? options2) => throw null!;
    }

    public class InvokeOptions
    {
        public string? Version { get; set; }
        public string? PluginDownloadURL { get; set; }
    }

    public class InvokeOutputOptions : InvokeOptions { }

    public sealed class DeploymentInstance
    {
        private DeploymentInstance() { }
        public Output<T> Invoke<T>(string token, InvokeArgs args, InvokeOptions? options = null) => throw null!;
        public Output<T> Invoke<T>(string token, InvokeArgs args, InvokeOutputOptions options) => throw null!;
        public Task<T> InvokeAsync<T>(string token, InvokeArgs args, InvokeOptions? options = null) => throw null!;
        public Task InvokeAsync(string token, InvokeArgs args, InvokeOptions? options = null) => throw null!;
    }

    public sealed partial class Deployment
    {
        private Deployment() { }
        public static DeploymentInstance Instance => throw null!;
        public static Task<int> RunAsync(Action action) => throw null!;
        public static Task<int> RunAsync(Func<IDictionary<string, object?>> func) => throw null!;
        public static Task<int> RunAsync(Func<Task> func) => throw null!;
        public static Task<int> RunAsync(Func<Task<IDictionary<string, object?>>> func, StackOptions? options = null) => throw null!;
    }

    public class StackOptions { }

    public sealed partial class Config
    {
        public Config(string? name = null) { }
        public string? Get(string key) => throw null!;
        public bool? GetBoolean(string key) => throw null!;
        public int? GetInt32(string key) => throw null!;
        public double? GetDouble(string key) => throw null!;
        public string Require(string key) => throw null!;
        public Output<string> RequireSecret(string key) => throw null!;
    }

    public class StackReference : CustomResource
    {
        public StackReference(string name, StackReferenceArgs? args = null, CustomResourceOptions? options = null)
            : base(name, name, args, options) { }
        public Output<object?> GetOutput(Input<string> name) => throw null!;
        public Output<object> RequireOutput(Input<string> name) => throw null!;
    }

    public class StackReferenceArgs : ResourceArgs { }
}

namespace Pulumi.Serialization
{
    // Files of the SDK open this namespace, and use nothing of it.
    internal static class Nothing { }
}
