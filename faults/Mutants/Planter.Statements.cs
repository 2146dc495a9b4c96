using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace Mutants;

/// <content>What is left out: statements, cases, arms, and the parts of a changed record.</content>
internal sealed partial class Planter
{
    public override SyntaxNode? VisitExpressionStatement(ExpressionStatementSyntax node) =>
        LeftOut(node, base.VisitExpressionStatement(node));

    public override SyntaxNode? VisitReturnStatement(ReturnStatementSyntax node) => LeftOut(node, base.VisitReturnStatement(node));

    public override SyntaxNode? VisitContinueStatement(ContinueStatementSyntax node) => LeftOut(node, base.VisitContinueStatement(node));

    public override SyntaxNode? VisitThrowStatement(ThrowStatementSyntax node) => LeftOut(node, base.VisitThrowStatement(node));

    private SyntaxNode? LeftOut(StatementSyntax node, SyntaxNode? visited) =>
        visited is StatementSyntax statement && MayBeLeftOut(node) && Take(node, "left out") is { } number
            ? IfStatement(Not(On(number)), Block(statement.WithoutTrivia()))
                .WithIfKeyword(Token(SyntaxKind.IfKeyword).WithTrailingTrivia(Space))
                .WithAdditionalAnnotations(new SyntaxAnnotation(Mark, $"{number}"))
            : visited;

    /// <summary>Not what declares a name, nor a way out without which a name would not be known below, nor where a test may kill the program.</summary>
    private static bool MayBeLeftOut(StatementSyntax node) =>
        node is ExpressionStatementSyntax statement
            ? !Declares(node)
                && !statement.Expression.ToString().StartsWith("FaultPoints.", StringComparison.Ordinal)
                && node is not ExpressionStatementSyntax { Expression: AssignmentExpressionSyntax { Left: DeclarationExpressionSyntax } }
            : node.Ancestors().OfType<IfStatementSyntax>().FirstOrDefault() is not { } branch
                || branch.Statement.Contains(node) && !Declares(branch.Condition);

    public override SyntaxNode? VisitSwitchSection(SwitchSectionSyntax node)
    {
        var visited = (SwitchSectionSyntax)base.VisitSwitchSection(node)!;
        for (var i = 0; i < node.Labels.Count; i++)
        {
            var (condition, pattern) = visited.Labels[i] switch
            {
                CasePatternSwitchLabelSyntax label => (label.WhenClause?.Condition, label.Pattern),
                CaseSwitchLabelSyntax label => (null, ConstantPattern(label.Value)),
                _ => ((ExpressionSyntax?)null, (PatternSyntax?)null),
            };
            if (pattern is not null && Take(node.Labels[i], "case left out") is { } number)
            {
                var label = CasePatternSwitchLabel(
                        Token(SyntaxKind.CaseKeyword).WithTrailingTrivia(Space),
                        pattern,
                        Without(number, condition),
                        Token(SyntaxKind.ColonToken)
                    )
                    .WithAdditionalAnnotations(new SyntaxAnnotation(Mark, $"{number}"));
                visited = visited.WithLabels(visited.Labels.Replace(visited.Labels[i], label));
            }
        }

        return visited;
    }

    public override SyntaxNode? VisitSwitchExpressionArm(SwitchExpressionArmSyntax node)
    {
        var visited = (SwitchExpressionArmSyntax)base.VisitSwitchExpressionArm(node)!;
        return node.Pattern is DiscardPatternSyntax && node.WhenClause is null || Take(node, "arm left out") is not { } number
            ? visited
            : visited
                .WithWhenClause(Without(number, visited.WhenClause?.Condition))
                .WithAdditionalAnnotations(new SyntaxAnnotation(Mark, $"{number}"));
    }

    public override SyntaxNode? VisitWithExpression(WithExpressionSyntax node)
    {
        var visited = (WithExpressionSyntax)base.VisitWithExpression(node)!;
        if (node.Expression is not (IdentifierNameSyntax or MemberAccessExpressionSyntax))
        {
            return visited;
        }

        var parts = visited.Initializer.Expressions;
        for (var i = 0; i < parts.Count; i++)
        {
            if (
                parts[i] is AssignmentExpressionSyntax { Left: IdentifierNameSyntax { Identifier.Text: not "Reason" } name } part
                && Take(node.Initializer.Expressions[i], "stays") is { } number
            )
            {
                var former = ParseExpression($"{node.Expression.WithoutTrivia()}.{name.Identifier.Text}");
                parts = parts.Replace(
                    parts[i],
                    part.WithRight(Bracketed(ConditionalExpression(On(number), former, Bracketed(part.Right))))
                        .WithAdditionalAnnotations(new SyntaxAnnotation(Mark, $"{number}"))
                );
            }
        }

        return visited.WithInitializer(visited.Initializer.WithExpressions(parts));
    }

    private static WhenClauseSyntax Without(int number, ExpressionSyntax? condition) =>
        WhenClause(
            Token(SyntaxKind.WhenKeyword).WithLeadingTrivia(Space).WithTrailingTrivia(Space),
            condition is null ? Not(On(number)) : BinaryExpression(SyntaxKind.LogicalAndExpression, Bracketed(condition), Not(On(number)))
        );
}
