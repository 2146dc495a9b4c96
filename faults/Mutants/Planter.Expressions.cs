using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace Mutants;

/// <content>What an expression may be changed to.</content>
internal sealed partial class Planter
{
    private static readonly Dictionary<SyntaxKind, (SyntaxKind Kind, SyntaxKind Token)[]> Operators = new()
    {
        [SyntaxKind.AddExpression] = [(SyntaxKind.SubtractExpression, SyntaxKind.MinusToken)],
        [SyntaxKind.SubtractExpression] = [(SyntaxKind.AddExpression, SyntaxKind.PlusToken)],
        [SyntaxKind.MultiplyExpression] = [(SyntaxKind.DivideExpression, SyntaxKind.SlashToken)],
        [SyntaxKind.DivideExpression] = [(SyntaxKind.MultiplyExpression, SyntaxKind.AsteriskToken)],
        [SyntaxKind.ModuloExpression] = [(SyntaxKind.MultiplyExpression, SyntaxKind.AsteriskToken)],
        [SyntaxKind.LessThanExpression] =
        [
            (SyntaxKind.LessThanOrEqualExpression, SyntaxKind.LessThanEqualsToken),
            (SyntaxKind.GreaterThanExpression, SyntaxKind.GreaterThanToken),
        ],
        [SyntaxKind.LessThanOrEqualExpression] =
        [
            (SyntaxKind.LessThanExpression, SyntaxKind.LessThanToken),
            (SyntaxKind.GreaterThanExpression, SyntaxKind.GreaterThanToken),
        ],
        [SyntaxKind.GreaterThanExpression] =
        [
            (SyntaxKind.GreaterThanOrEqualExpression, SyntaxKind.GreaterThanEqualsToken),
            (SyntaxKind.LessThanExpression, SyntaxKind.LessThanToken),
        ],
        [SyntaxKind.GreaterThanOrEqualExpression] =
        [
            (SyntaxKind.GreaterThanExpression, SyntaxKind.GreaterThanToken),
            (SyntaxKind.LessThanExpression, SyntaxKind.LessThanToken),
        ],
        [SyntaxKind.EqualsExpression] = [(SyntaxKind.NotEqualsExpression, SyntaxKind.ExclamationEqualsToken)],
        [SyntaxKind.NotEqualsExpression] = [(SyntaxKind.EqualsExpression, SyntaxKind.EqualsEqualsToken)],
        [SyntaxKind.LogicalAndExpression] = [(SyntaxKind.LogicalOrExpression, SyntaxKind.BarBarToken)],
        [SyntaxKind.LogicalOrExpression] = [(SyntaxKind.LogicalAndExpression, SyntaxKind.AmpersandAmpersandToken)],
        [SyntaxKind.BitwiseAndExpression] = [(SyntaxKind.BitwiseOrExpression, SyntaxKind.BarToken)],
        [SyntaxKind.BitwiseOrExpression] = [(SyntaxKind.BitwiseAndExpression, SyntaxKind.AmpersandToken)],
        [SyntaxKind.LeftShiftExpression] = [(SyntaxKind.RightShiftExpression, SyntaxKind.GreaterThanGreaterThanToken)],
        [SyntaxKind.RightShiftExpression] = [(SyntaxKind.LeftShiftExpression, SyntaxKind.LessThanLessThanToken)],
    };

    private static readonly Dictionary<SpecialType, string> Words = new()
    {
        [SpecialType.System_Byte] = "byte",
        [SpecialType.System_UInt32] = "uint",
        [SpecialType.System_Int64] = "long",
        [SpecialType.System_UInt64] = "ulong",
        [SpecialType.System_Double] = "double",
    };

    private IEnumerable<(ExpressionSyntax After, string? Said)> Alternatives(ExpressionSyntax node)
    {
        switch (node)
        {
            // A name that is declared inside cannot be declared twice; such a condition is made always true and always false.
            case BinaryExpressionSyntax
            or IsPatternExpressionSyntax
            or ConditionalExpressionSyntax
            or InvocationExpressionSyntax when Declares(node):
                yield break;

            case BinaryExpressionSyntax binary when Operators.TryGetValue(binary.Kind(), out var others) && !IsText(binary):
                foreach (var (kind, token) in others)
                {
                    yield return (
                        BinaryExpression(kind, binary.Left, Token(token).WithLeadingTrivia(Space).WithTrailingTrivia(Space), binary.Right),
                        null
                    );
                }

                break;

            case BinaryExpressionSyntax { RawKind: (int)SyntaxKind.CoalesceExpression } coalesce
                when coalesce.Right is not ThrowExpressionSyntax:
                yield return (coalesce.Right, null);
                yield return (coalesce.Left, null);
                break;

            case IsPatternExpressionSyntax tested:
                foreach (var (pattern, said) in Patterns(tested.Pattern))
                {
                    yield return (tested.WithPattern(pattern), said);
                }

                break;

            case ConditionalExpressionSyntax conditional:
                yield return (Not(conditional), null);
                break;

            case LiteralExpressionSyntax { RawKind: (int)SyntaxKind.TrueLiteralExpression }:
                yield return (LiteralExpression(SyntaxKind.FalseLiteralExpression), null);
                break;

            case LiteralExpressionSyntax { RawKind: (int)SyntaxKind.FalseLiteralExpression }:
                yield return (LiteralExpression(SyntaxKind.TrueLiteralExpression), null);
                break;

            case LiteralExpressionSyntax { RawKind: (int)SyntaxKind.NumericLiteralExpression } number:
                var type =
                    model.GetTypeInfo(number).ConvertedType?.SpecialType is { } special && Words.TryGetValue(special, out var word)
                        ? word
                        : null;
                yield return (
                    ParseExpression(type is null ? $"{number.Token.Text} + 1" : $"({type})({number.Token.Text} + 1)"),
                    $"{number.Token.Text} + 1"
                );
                break;

            case PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.UnaryMinusExpression } minus:
                yield return (minus.Operand, null);
                break;

            case InvocationExpressionSyntax
            {
                Expression: MemberAccessExpressionSyntax { Name.Identifier.Text: "Min" or "Max" } called
            } call:
                yield return (
                    call.WithExpression(called.WithName(IdentifierName(called.Name.Identifier.Text == "Min" ? "Max" : "Min"))),
                    null
                );
                break;
        }
    }

    private static PrefixUnaryExpressionSyntax Negated(ExpressionSyntax node) =>
        PrefixUnaryExpression(SyntaxKind.LogicalNotExpression, Bracketed(node));

    private static ConditionalExpressionSyntax Not(ConditionalExpressionSyntax node) => node.WithCondition(Negated(node.Condition));

    /// <summary>One choice of an <c>or</c> is left out, one demand of an <c>and</c> or of a property pattern, one bound is moved.</summary>
    private static IEnumerable<(PatternSyntax After, string? Said)> Patterns(PatternSyntax pattern)
    {
        switch (pattern)
        {
            case BinaryPatternSyntax binary:
                yield return (binary.Left, $"without `{Mutant.OneLine(binary.Right)}`");
                if (binary.Left is not BinaryPatternSyntax)
                {
                    yield return (binary.Right, $"without `{Mutant.OneLine(binary.Left)}`");
                }

                foreach (var (left, said) in Patterns(binary.Left))
                {
                    yield return (binary.WithLeft(left), said);
                }

                foreach (var (right, said) in Patterns(binary.Right))
                {
                    yield return (binary.WithRight(right), said);
                }

                break;

            case ParenthesizedPatternSyntax bracketed:
                foreach (var (inner, said) in Patterns(bracketed.Pattern))
                {
                    yield return (bracketed.WithPattern(inner), said);
                }

                break;

            case UnaryPatternSyntax negated:
                yield return (negated.Pattern, "without `not`");
                foreach (var (inner, said) in Patterns(negated.Pattern))
                {
                    yield return (negated.WithPattern(inner), said);
                }

                break;

            case RelationalPatternSyntax bound:
                var (token, word) = bound.OperatorToken.Kind() switch
                {
                    SyntaxKind.GreaterThanToken => (SyntaxKind.GreaterThanEqualsToken, ">="),
                    SyntaxKind.GreaterThanEqualsToken => (SyntaxKind.GreaterThanToken, ">"),
                    SyntaxKind.LessThanToken => (SyntaxKind.LessThanEqualsToken, "<="),
                    _ => (SyntaxKind.LessThanToken, "<"),
                };
                yield return (bound.WithOperatorToken(Token(token).WithTrailingTrivia(Space)), $"{word} {bound.Expression}");
                break;

            case RecursivePatternSyntax { PropertyPatternClause: { } clause } properties:
                foreach (var part in clause.Subpatterns)
                {
                    yield return (
                        properties.WithPropertyPatternClause(clause.WithSubpatterns(clause.Subpatterns.Remove(part))),
                        $"without `{Mutant.OneLine(part)}`"
                    );
                    foreach (var (inner, said) in Patterns(part.Pattern))
                    {
                        yield return (
                            properties.WithPropertyPatternClause(
                                clause.WithSubpatterns(clause.Subpatterns.Replace(part, part.WithPattern(inner)))
                            ),
                            said
                        );
                    }
                }

                break;
        }
    }

    private bool IsCondition(ExpressionSyntax node) =>
        node
            is not (
                LiteralExpressionSyntax
                or ConditionalExpressionSyntax
                or AssignmentExpressionSyntax
                or BinaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalAndExpression or (int)SyntaxKind.LogicalOrExpression }
                or PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalNotExpression }
            )
        && IsDecided(node)
        && model.GetTypeInfo(node).Type?.SpecialType == SpecialType.System_Boolean;

    /// <summary>Whether something depends on it at once: a branch, an operand, an answer.</summary>
    private static bool IsDecided(ExpressionSyntax node)
    {
        SyntaxNode at = node;
        while (at.Parent is ParenthesizedExpressionSyntax or PrefixUnaryExpressionSyntax)
        {
            at = at.Parent;
        }

        return at.Parent
            is IfStatementSyntax
                or WhileStatementSyntax
                or ForStatementSyntax
                or ConditionalExpressionSyntax
                or WhenClauseSyntax
                or ReturnStatementSyntax
                or ArrowExpressionClauseSyntax
                or EqualsValueClauseSyntax
                or LambdaExpressionSyntax
                or ArgumentSyntax
                or BinaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalAndExpression or (int)SyntaxKind.LogicalOrExpression };
    }

    private static bool Declares(SyntaxNode node) => node.DescendantNodes().Any(inner => inner is SingleVariableDesignationSyntax);

    private bool IsText(BinaryExpressionSyntax node) => model.GetTypeInfo(node).Type?.SpecialType == SpecialType.System_String;
}
