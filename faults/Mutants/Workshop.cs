using System.Collections.Immutable;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mutants;

/// <summary>Compiles the project of a target with all its mutants in it. What does not compile is taken back, one round after another.</summary>
internal sealed class Workshop(Target target)
{
    private static readonly CSharpParseOptions Options = new(LanguageVersion.CSharp14, DocumentationMode.None);

    /// <summary>Writes the assembly.</summary>
    /// <returns>The mutants in it.</returns>
    public List<Mutant> Build(string assembly)
    {
        var original = WithGenerated(
            CSharpCompilation.Create(
                Path.GetFileNameWithoutExtension(assembly),
                Sources().Append(CSharpSyntaxTree.ParseText(Switch.Source, Options)),
                References(),
                new CSharpCompilationOptions(
                    OutputKind.DynamicallyLinkedLibrary,
                    nullableContextOptions: NullableContextOptions.Enable,
                    allowUnsafe: true,
                    optimizationLevel: OptimizationLevel.Release
                )
            )
        );
        var refused = new HashSet<int>();
        while (true)
        {
            var (compilation, mutants) = Planted(original, refused);
            var errors = compilation
                .SyntaxTrees.Where(tree => target.IsMutated(tree.FilePath))
                .SelectMany(tree => compilation.GetSemanticModel(tree).GetDiagnostics())
                .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
                .ToList();
            if (errors.Count == 0)
            {
                using var file = File.Create(assembly);
                return compilation.Emit(file) is { Success: false } result
                    ? throw new InvalidOperationException(
                        $"{target.Name} does not compile: {result.Diagnostics.First(found => found.Severity == DiagnosticSeverity.Error)}"
                    )
                    : mutants;
            }

            var culprits = errors.SelectMany(Culprits).ToHashSet();
            if (culprits.Count == 0 || culprits.IsSubsetOf(refused))
            {
                throw new InvalidOperationException($"{target.Name} does not compile: {errors[0]}");
            }

            refused.UnionWith(culprits);
        }
    }

    private (CSharpCompilation Compilation, List<Mutant> Mutants) Planted(CSharpCompilation original, HashSet<int> refused)
    {
        var mutants = new List<Mutant>();
        var compilation = original;
        var next = 0;
        foreach (var tree in original.SyntaxTrees.Where(tree => target.IsMutated(tree.FilePath)))
        {
            var planter = new Planter(original.GetSemanticModel(tree), Path.GetRelativePath(Target.Root, tree.FilePath), next, refused);
            var planted = planter.Visit(tree.GetRoot())!;
            compilation = compilation.ReplaceSyntaxTree(
                tree,
                CSharpSyntaxTree.Create((CompilationUnitSyntax)planted, Options, tree.FilePath, tree.Encoding)
            );
            mutants.AddRange(planter.Planted);
            next = planter.Next;
        }

        return (compilation, mutants);
    }

    /// <summary>The mutants that an error is about: those around its place, and for an unassigned name those around its declaration.</summary>
    private static IEnumerable<int> Culprits(Diagnostic error)
    {
        if (error.Location.SourceTree is not { } tree)
        {
            yield break;
        }

        var root = tree.GetRoot();
        var place = root.FindNode(error.Location.SourceSpan);
        if (error.Id is "CS0161" or "CS8070" or "CS0163")
        {
            // The way out of a member that is left out; of those inside of branches the compiler does not complain.
            var ends = place
                .DescendantNodesAndSelf()
                .OfType<IfStatementSyntax>()
                .Where(left =>
                    Planted(left).Any()
                    && left.Statement
                        is BlockSyntax { Statements: [ReturnStatementSyntax or ThrowStatementSyntax or ContinueStatementSyntax] }
                )
                .ToList();
            var outer = ends.Where(left => error.Id != "CS0161" || left.Parent?.Parent == place).ToList();
            foreach (var mutant in (outer.Count > 0 ? outer : ends).SelectMany(Planted))
            {
                yield return mutant;
            }

            if (ends.Count > 0)
            {
                yield break;
            }
        }

        if (error.Id == "CS0177")
        {
            // An out parameter that is not set where what sets it is left out.
            var within = place.AncestorsAndSelf().First(node => node is MemberDeclarationSyntax);
            var parameter = error.GetMessage(System.Globalization.CultureInfo.InvariantCulture).Split('\'')[1];
            var sets = within
                .DescendantNodes()
                .OfType<IfStatementSyntax>()
                .Where(left =>
                    left.Statement is BlockSyntax { Statements: [ExpressionStatementSyntax { Expression: AssignmentExpressionSyntax set }] }
                    && set.Left.ToString().Trim() == parameter
                )
                .SelectMany(Planted)
                .ToList();
            foreach (var mutant in sets)
            {
                yield return mutant;
            }

            if (sets.Count > 0)
            {
                yield break;
            }
        }

        var places = new List<SyntaxNode> { place };
        if (error.Id is "CS0165" or "CS0136" or "CS0128")
        {
            var within = place.Ancestors().First(node => node is MemberDeclarationSyntax);
            var name = root.FindToken(error.Location.SourceSpan.Start).Text;
            places.AddRange(
                within
                    .DescendantNodes()
                    .Where(node =>
                        node is SingleVariableDesignationSyntax single && single.Identifier.Text == name
                        || node is VariableDeclaratorSyntax declared && declared.Identifier.Text == name
                    )
            );
            places.AddRange(
                within.DescendantNodes().OfType<AssignmentExpressionSyntax>().Where(assigned => assigned.Left.ToString().Trim() == name)
            );
            foreach (var at in places.Skip(1))
            {
                foreach (var mutant in at.AncestorsAndSelf().SelectMany(Planted))
                {
                    yield return mutant;
                }
            }
        }

        var nearest = place.AncestorsAndSelf().Select(node => Planted(node).ToList()).FirstOrDefault(found => found.Count > 0);
        nearest ??= place.AncestorsAndSelf().First(node => node is MemberDeclarationSyntax).DescendantNodes().SelectMany(Planted).ToList();
        foreach (var mutant in nearest)
        {
            yield return mutant;
        }

        static IEnumerable<int> Planted(SyntaxNode node) => node.GetAnnotations(Planter.Mark).Select(mark => int.Parse(mark.Data!));
    }

    private IEnumerable<SyntaxTree> Sources()
    {
        var made = Path.Combine(target.Project, "obj", "Release", "net10.0");
        return Directory
            .EnumerateFiles(target.Project, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            .Concat(Directory.EnumerateFiles(made, "*.AssemblyInfo.cs"))
            .Concat(Directory.EnumerateFiles(made, "*.GlobalUsings.g.cs"))
            .Order(StringComparer.Ordinal)
            .Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), Options, file, System.Text.Encoding.UTF8));
    }

    private List<MetadataReference> References()
    {
        var framework = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(':')
            .Where(file => file.Contains("Microsoft.NETCore.App", StringComparison.Ordinal));
        var beside = Directory.EnumerateFiles(target.TestBin, "*.dll").Where(file => file != target.Assembly && IsManaged(file));
        return [.. framework.Concat(beside).Select(file => MetadataReference.CreateFromFile(file))];
    }

    private static bool IsManaged(string file)
    {
        try
        {
            return AssemblyName.GetAssemblyName(file).Name is not null;
        }
        catch (BadImageFormatException)
        {
            return false;
        }
    }

    /// <summary>The types that can be loaded: what mends code in an editor needs libraries that only editors have.</summary>
    private static IEnumerable<Type> Types(Assembly library)
    {
        try
        {
            return library.GetTypes();
        }
        catch (ReflectionTypeLoadException partly)
        {
            return partly.Types.OfType<Type>();
        }
    }

    /// <summary>With what the SDK's generators make of attributes.</summary>
    private static CSharpCompilation WithGenerated(CSharpCompilation compilation)
    {
        var dotnet = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        var pack = Directory
            .EnumerateDirectories(Path.Combine(dotnet, "packs", "Microsoft.NETCore.App.Ref"), "10.*")
            .Order(StringComparer.Ordinal)
            .Last();
        var generators = Directory
            .EnumerateFiles(Path.Combine(pack, "analyzers", "dotnet", "cs"), "*.dll")
            .Select(Assembly.LoadFrom)
            .SelectMany(Types)
            .Where(type => type.GetCustomAttribute<GeneratorAttribute>() is not null)
            .Select(type =>
                Activator.CreateInstance(type) switch
                {
                    IIncrementalGenerator generator => generator.AsSourceGenerator(),
                    var generator => (ISourceGenerator)generator!,
                }
            )
            .ToImmutableArray();
        CSharpGeneratorDriver
            .Create(generators, parseOptions: Options)
            .RunGeneratorsAndUpdateCompilation(compilation, out var complete, out _);
        return (CSharpCompilation)complete;
    }
}
