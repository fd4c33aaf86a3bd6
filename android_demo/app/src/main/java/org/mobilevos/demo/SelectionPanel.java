package org.mobilevos.demo;

import android.view.View;
import android.widget.RadioGroup;
import android.widget.TextView;

/** The tools and buttons that make a mask on a frozen frame, of one tab. */
final class SelectionPanel {
    /** What the tab itself does. */
    abstract static class Actions {
        abstract void onCancelSelection();

        abstract void onAccept();

        /** A finger began to draw. */
        void onDrawingBegins() {}

        /** A tap on a pixel, with a finger's radius. */
        void onTap(int x, int y, int radius) {}

        /** A long press on a pixel. */
        void onLongPress(int x, int y, int radius) {}
    }

    private final View root;
    private final FrameView frame;
    private final RadioGroup tools;
    private final View undo;
    private final View cancel;
    private final View accept;
    private boolean drawing;

    /**
     * For a tab.
     *
     * @param message says that there is work, which ends with a new status
     */
    SelectionPanel(View root, FrameView frame, final TextView message, final MarkingWork work, final Actions actions) {
        this.root = root;
        this.frame = frame;
        tools = (RadioGroup) root.findViewById(R.id.tools);
        undo = root.findViewById(R.id.undo);
        cancel = root.findViewById(R.id.cancel_selection);
        accept = root.findViewById(R.id.accept);
        frame.setListener(new FrameView.Listener() {
            @Override
            public void onDrawingBegins() {
                actions.onDrawingBegins();
            }

            @Override
            public void onBox(int left, int top, int width, int height) {
                message.setText(R.string.hint_working);
                work.box(left, top, width, height);
            }

            @Override
            public void onStroke(int[] xs, int[] ys, int radius, boolean plus) {
                message.setText(R.string.hint_working);
                work.stroke(xs, ys, radius, plus);
            }

            @Override
            public void onTap(int x, int y, int radius) {
                actions.onTap(x, y, radius);
            }

            @Override
            public void onLongPress(int x, int y, int radius) {
                actions.onLongPress(x, y, radius);
            }
        });
        tools.check(R.id.tool_box);
        tools.setOnCheckedChangeListener(new RadioGroup.OnCheckedChangeListener() {
            @Override
            public void onCheckedChanged(RadioGroup group, int checked) {
                chooseTool();
            }
        });
        undo.setOnClickListener(new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                work.undo();
            }
        });
        cancel.setOnClickListener(new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                actions.onCancelSelection();
            }
        });
        accept.setOnClickListener(new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                actions.onAccept();
            }
        });
    }

    /**
     * Shows the present state.
     *
     * @param mayDraw whether a finger draws on the frame; else it points at objects, and there are no tools
     * @param frozen whether there is a selection, which can be accepted unless it is empty
     */
    void show(boolean mayDraw, boolean frozen, boolean empty) {
        drawing = mayDraw;
        root.setVisibility(mayDraw ? View.VISIBLE : View.GONE);
        undo.setEnabled(frozen);
        cancel.setEnabled(frozen);
        accept.setEnabled(frozen && !empty);
        chooseTool();
    }

    /** For a selection that begins with a mask, which strokes put right. */
    void paintFirst() {
        tools.check(R.id.tool_plus);
    }

    /** For a selection that begins with nothing. */
    void boxFirst() {
        tools.check(R.id.tool_box);
    }

    private void chooseTool() {
        int checked = tools.getCheckedRadioButtonId();
        frame.setTool(!drawing ? FrameView.Tool.POINT
                : checked == R.id.tool_plus ? FrameView.Tool.PLUS
                : checked == R.id.tool_minus ? FrameView.Tool.MINUS : FrameView.Tool.BOX);
    }
}
