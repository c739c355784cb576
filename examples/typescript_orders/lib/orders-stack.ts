import { Duration, Stack, StackProps } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import * as targets from "aws-cdk-lib/aws-events-targets";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as sns from "aws-cdk-lib/aws-sns";
import * as subscriptions from "aws-cdk-lib/aws-sns-subscriptions";
import * as sqs from "aws-cdk-lib/aws-sqs";
import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import * as tasks from "aws-cdk-lib/aws-stepfunctions-tasks";
import { Construct } from "constructs";

export interface OrdersStackProps extends StackProps {
  /** Orders above this total, in euros, are approved by a person. */
  readonly approvalLimit: number;
}

/** OrderPlaced on the bus -> price each line -> accept, or ask for approval, or reject. */
export class OrdersStack extends Stack {
  constructor(scope: Construct, id: string, props: OrdersStackProps) {
    super(scope, id, props);

    const bus = new events.EventBus(this, "Bus");
    const accepted = new sqs.Queue(this, "Accepted");
    const approvals = new sns.Topic(this, "Approvals");
    const approvalDesk = new sqs.Queue(this, "ApprovalDesk");
    approvals.addSubscription(
      new subscriptions.SqsSubscription(approvalDesk, { rawMessageDelivery: true }),
    );

    const workflow = new sfn.StateMachine(this, "Workflow", {
      definitionBody: sfn.DefinitionBody.fromChainable(
        this.definition(bus, accepted, approvals, props.approvalLimit),
      ),
      timeout: Duration.minutes(5),
    });

    new events.Rule(this, "Placed", {
      eventBus: bus,
      eventPattern: { source: ["shop"], detailType: ["OrderPlaced"] },
      targets: [
        new targets.SfnStateMachine(workflow, {
          input: events.RuleTargetInput.fromEventPath("$.detail"),
          deadLetterQueue: new sqs.Queue(this, "PlacedDeadLetters"),
        }),
      ],
    });

    const support = new sqs.Queue(this, "Support");
    new events.Rule(this, "Rejected", {
      eventBus: bus,
      eventPattern: { source: ["orders"], detailType: ["OrderRejected"] },
      targets: [new targets.SqsQueue(support)],
    });
  }

  private definition(
    bus: events.IEventBus,
    accepted: sqs.IQueue,
    approvals: sns.ITopic,
    approvalLimit: number,
  ): sfn.IChainable {
    const reject = new tasks.EventBridgePutEvents(this, "Publish OrderRejected", {
      entries: [
        {
          eventBus: bus,
          source: "orders",
          detailType: "OrderRejected",
          detail: sfn.TaskInput.fromObject({
            orderId: sfn.JsonPath.stringAt("$.orderId"),
            reason: sfn.JsonPath.stringAt("$.failure.Cause"),
          }),
        },
      ],
      resultPath: sfn.JsonPath.DISCARD,
    }).next(new sfn.Fail(this, "Rejected order", { error: "OrderRejected" }));

    const priceLines = new sfn.Map(this, "Price each line", {
      itemsPath: "$.lines",
      itemSelector: {
        sku: sfn.JsonPath.stringAt("$$.Map.Item.Value.sku"),
        quantity: sfn.JsonPath.numberAt("$$.Map.Item.Value.quantity"),
        currency: sfn.JsonPath.stringAt("$.currency"),
      },
      maxConcurrency: 5,
      resultPath: "$.prices",
    });
    priceLines.itemProcessor(
      new tasks.LambdaInvoke(this, "Price", {
        lambdaFunction: this.handler("price"),
        payloadResponseOnly: true,
      }),
    );
    priceLines.addCatch(reject, { resultPath: "$.failure" });

    const total = new tasks.LambdaInvoke(this, "Total", {
      lambdaFunction: this.handler("total"),
      payload: sfn.TaskInput.fromJsonPathAt("$.prices"),
      resultSelector: { "euros.$": "$.Payload.total" },
      resultPath: "$.total",
    });

    const accept = new tasks.SqsSendMessage(this, "Accept", {
      queue: accepted,
      messageBody: sfn.TaskInput.fromJsonPathAt("$"),
    });
    const askForApproval = new tasks.SnsPublish(this, "Ask for approval", {
      topic: approvals,
      subject: sfn.JsonPath.format("Order {}", sfn.JsonPath.stringAt("$.orderId")),
      message: sfn.TaskInput.fromObject({
        orderId: sfn.JsonPath.stringAt("$.orderId"),
        total: sfn.JsonPath.numberAt("$.total.euros"),
      }),
    });

    return priceLines.next(total).next(
      new sfn.Choice(this, "Expensive?")
        .when(sfn.Condition.numberGreaterThan("$.total.euros", approvalLimit), askForApproval)
        .otherwise(accept),
    );
  }

  private handler(name: string): lambda.Function {
    return new lambda.Function(this, `Function-${name}`, {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: "index.handler",
      code: lambda.Code.fromAsset(`handlers/${name}`),
    });
  }
}
