using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace Mutants;

/// <summary>
/// Plants all mutants of a file at once: each is an alternative behind a switch, so that the file is compiled once. Texts of messages are left as they are.
/// </summary>
/// <param name="refused">The mutants that do not compile.</param>
internal sealed partial class Planter(SemanticModel model, string file, int from, IReadOnlySet<int> refused) : CSharpSyntaxRewriter
{
    public const string Mark = "mutant";

    private int _next = from;

    public List<Mutant> Planted { get; } = [];

    public int Next => _next;

    public override SyntaxNode? Visit(SyntaxNode? node)
    {
        var visited = base.Visit(node);
        return node is ExpressionSyntax expression && visited is ExpressionSyntax changed && IsMutable(expression)
            ? Plant(expression, changed)
            : visited;
    }

    private ExpressionSyntax Plant(ExpressionSyntax node, ExpressionSyntax visited)
    {
        foreach (var (after, said) in Alternatives(node))
        {
            visited = Switched(node, said ?? Mutant.OneLine(after), visited, (on, old) => ConditionalExpression(on, Bracketed(after), old));
        }

        if (IsCondition(node))
        {
            // A name that is declared in a pattern is known only where it fits.
            var (known, fits) = (Declares(node), node is not IsPatternExpressionSyntax { Pattern: UnaryPatternSyntax });
            if (!known || fits)
            {
                visited = Switched(
                    node,
                    "always false",
                    visited,
                    (on, old) => BinaryExpression(SyntaxKind.LogicalAndExpression, old, Not(on))
                );
            }

            if (!known || !fits)
            {
                visited = Switched(node, "always true", visited, (on, old) => BinaryExpression(SyntaxKind.LogicalOrExpression, old, on));
            }
        }

        return visited;
    }

    private ExpressionSyntax Switched(
        SyntaxNode node,
        string after,
        ExpressionSyntax visited,
        Func<ExpressionSyntax, ExpressionSyntax, ExpressionSyntax> planted
    )
    {
        var number = Take(node, after);
        return number is not { } taken
            ? visited
            : Bracketed(planted(On(taken), Bracketed(visited))).WithAdditionalAnnotations(new SyntaxAnnotation(Mark, $"{taken}"));
    }

    /// <summary>The next number; null when it is one that does not compile.</summary>
    private int? Take(SyntaxNode node, string after)
    {
        var number = _next++;
        if (refused.Contains(number))
        {
            return null;
        }

        var isOfStart = node.Ancestors()
            .Any(above =>
                above
                    is EqualsValueClauseSyntax
                    {
                        Parent: VariableDeclaratorSyntax { Parent.Parent: FieldDeclarationSyntax } or PropertyDeclarationSyntax
                    }
                || above is ConstructorDeclarationSyntax { Modifiers: var modifiers } && modifiers.Any(SyntaxKind.StaticKeyword)
            );
        var line = node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
        Planted.Add(new Mutant(number, file, line, Mutant.OneLine(node), after, isOfStart));
        return number;
    }

    private static ExpressionSyntax On(int number) => ParseExpression($"global::{Switch.TypeName}.On({number})");

    private static ExpressionSyntax Not(ExpressionSyntax operand) =>
        PrefixUnaryExpression(SyntaxKind.LogicalNotExpression, Bracketed(operand));

    private static ParenthesizedExpressionSyntax Bracketed(ExpressionSyntax inner) =>
        ParenthesizedExpression(inner.WithoutTrivia().WithLeadingTrivia(Space).WithTrailingTrivia(Space));

    /// <summary>Whether an expression may be replaced by one that is decided while the program runs.</summary>
    private bool IsMutable(ExpressionSyntax node)
    {
        if (node is ParenthesizedExpressionSyntax or TypeSyntax or DeclarationExpressionSyntax or RefExpressionSyntax)
        {
            return false;
        }

        if (
            node.Parent is AssignmentExpressionSyntax assignment && assignment.Left == node
            || node.Parent is NameColonSyntax or NameEqualsSyntax
        )
        {
            return false;
        }

        foreach (var above in node.AncestorsAndSelf())
        {
            switch (above)
            {
                case PatternSyntax
                or AttributeSyntax
                or SwitchLabelSyntax { RawKind: (int)SyntaxKind.CaseSwitchLabel }
                or EnumMemberDeclarationSyntax
                or ParameterSyntax:
                case LocalDeclarationStatementSyntax { IsConst: true } or InterpolatedStringExpressionSyntax:
                case ConditionalExpressionSyntax choice when model.GetTypeInfo(choice).Type?.SpecialType == SpecialType.System_String:
                    return false;
                case FieldDeclarationSyntax field:
                    return !field.Modifiers.Any(SyntaxKind.ConstKeyword);
                case StatementSyntax or MemberDeclarationSyntax:
                    return true;
            }
        }

        return true;
    }
}
