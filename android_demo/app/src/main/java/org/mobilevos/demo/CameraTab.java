package org.mobilevos.demo;

import android.app.Activity;
import android.content.Context;
import android.content.pm.ActivityInfo;
import android.graphics.Matrix;
import android.graphics.RectF;
import android.graphics.SurfaceTexture;
import android.hardware.display.DisplayManager;
import android.net.Uri;
import android.view.TextureView;
import android.view.View;
import android.widget.TextView;
import org.mobilevos.demo.logic.CameraFlow;
import org.mobilevos.demo.logic.Upright;
import org.mobilevos.demo.logic.ViewMap;

/** The Camera tab: live pictures in which objects are marked, followed, dropped and put right. */
final class CameraTab implements Tab, CameraSource.Listener, CameraFollower.Listener, MarkingWork.PictureListener {
    private static final int QUARTER = 90;

    private final Activity activity;
    private final Workbench workbench;
    private final CameraFollower follower;
    private final CameraSource source;
    private final TextureView preview;
    private final FrameView frame;
    private final CameraPermission permission;
    private final TextView message;
    private final TextView figures;
    private final View following;
    private final View add;
    private final View reset;
    private final SelectionPanel selection;
    private final DisplayManager displays;
    private boolean shown;
    // Why the camera did not start; 0 for no reason.
    private int failure;
    private CameraFlow.State state = CameraFlow.State.PREVIEW;
    // As the sensor sees the pictures; 0 before the camera is open.
    private int sensorWidth;
    private int sensorHeight;
    private int sensorRotation;

    private final DisplayManager.DisplayListener displayListener = new DisplayManager.DisplayListener() {
        @Override
        public void onDisplayAdded(int id) {}

        @Override
        public void onDisplayRemoved(int id) {}

        @Override
        public void onDisplayChanged(int id) { // also from one landscape to the other, which is no new configuration
            place();
        }
    };

    CameraTab(Activity activity, View root, Workbench workbench) {
        this.activity = activity;
        this.workbench = workbench;
        follower = workbench.camera;
        source = new CameraSource(activity, workbench.inference, follower, this);
        displays = (DisplayManager) activity.getSystemService(Context.DISPLAY_SERVICE);
        preview = (TextureView) root.findViewById(R.id.preview);
        frame = (FrameView) root.findViewById(R.id.camera_frame);
        permission = new CameraPermission(activity, root.findViewById(R.id.permission),
                root.findViewById(R.id.camera_controls), new Runnable() {
            @Override
            public void run() {
                failure = 0;
                onWorkbenchChanged();
            }
        });
        message = (TextView) root.findViewById(R.id.camera_message);
        figures = (TextView) root.findViewById(R.id.camera_figures);
        following = root.findViewById(R.id.camera_following);
        add = root.findViewById(R.id.add_object);
        reset = root.findViewById(R.id.reset);
        preview.setSurfaceTextureListener(new Texture());
        selection = new SelectionPanel(
                root.findViewById(R.id.camera_selection), frame, message, follower, new Actions());
        selection.show(true, false, true);
        following.setVisibility(View.GONE);
        add.setOnClickListener(new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                selection.boxFirst();
                follower.add();
            }
        });
        reset.setOnClickListener(new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                selection.boxFirst();
                follower.reset();
            }
        });
    }

    @Override
    public void onShow() {
        shown = true;
        failure = 0;
        follower.setListener(this);
        follower.setPictureListener(this);
        displays.registerDisplayListener(displayListener, workbench.main);
        permission.askOnce();
        onWorkbenchChanged();
    }

    @Override
    public void onHide() {
        shown = false;
        source.stop();
        displays.unregisterDisplayListener(displayListener);
        follower.setListener(null);
        follower.setPictureListener(null);
        activity.setRequestedOrientation(ActivityInfo.SCREEN_ORIENTATION_UNSPECIFIED);
    }

    @Override
    public void onWorkbenchChanged() {
        if (!shown) {
            return;
        }
        if (workbench.busy() != 0) {
            source.stop();
            message.setText(workbench.busy());
        } else if (permission.isGiven() && failure == 0) {
            follower.prepare();
            source.start();
        }
        permission.show(failure);
    }

    @Override
    public void onDocument(int request, Uri document) {} // it asks for none

    /** The user has answered the question for the camera. */
    void onPermissionAnswered() {
        onWorkbenchChanged();
    }

    @Override
    public void onCameraOpened(int width, int height, int rotation) {
        sensorWidth = width;
        sensorHeight = height;
        sensorRotation = rotation;
        place();
    }

    @Override
    public void onCameraFailed(int text) {
        failure = text;
        permission.show(failure);
    }

    @Override
    public void onPicture(FramePainter painter) {
        frame.show(painter);
    }

    @Override
    public void onCameraStatus(CameraStatus status) {
        boolean changed = state != status.state;
        state = status.state;
        boolean follows = state == CameraFlow.State.FOLLOWING;
        boolean live = state == CameraFlow.State.PREVIEW;
        if (changed && state == CameraFlow.State.CORRECTING) {
            selection.paintFirst();
        }
        selection.show(!follows, !follows && !live, status.selectionEmpty);
        following.setVisibility(follows ? View.VISIBLE : View.GONE);
        add.setEnabled(status.ids.length < status.most);
        preview.setKeepScreenOn(!live);
        // A session's frames have one size, so the screen does not turn as long as there is one; large screens ignore
        // this.
        activity.setRequestedOrientation(live
                ? ActivityInfo.SCREEN_ORIENTATION_UNSPECIFIED : ActivityInfo.SCREEN_ORIENTATION_LOCKED);
        if (workbench.busy() == 0) {
            String text = status.note == null ? hint(status) : status.note;
            if (!text.contentEquals(message.getText())) { // a screen reader would say it again
                message.setText(text);
            }
        }
        figures.setText(FiguresText.camera(activity, status));
    }

    private String hint(CameraStatus status) {
        if (status.selectionGuessed) {
            return activity.getString(R.string.hint_guessed);
        }
        switch (status.state) {
            case PREVIEW:
                return activity.getString(status.engine == null ? R.string.hint_loading : R.string.hint_preview);
            case SELECTING:
            case ADDING:
                return activity.getString(status.selectionEmpty ? R.string.hint_mark : R.string.hint_refine);
            case CORRECTING:
                return activity.getString(R.string.hint_correct);
            default:
                return activity.getString(R.string.hint_following);
        }
    }

    /** Fits the preview into its view as the frames are, and tells the follower how they are turned. */
    private void place() {
        int width = preview.getWidth();
        int height = preview.getHeight();
        if (sensorWidth == 0 || width == 0 || height == 0) {
            return;
        }
        int display = activity.getWindowManager().getDefaultDisplay().getRotation() * QUARTER;
        int turn = Upright.camera(sensorRotation, display);
        boolean exchanged = Upright.exchanges(turn);
        ViewMap map = new ViewMap(width, height,
                exchanged ? sensorHeight : sensorWidth, exchanged ? sensorWidth : sensorHeight);
        // The texture comes upright for the phone's natural orientation and fills the view. It is first given the
        // shape that it has before it is turned as the display is.
        boolean sideways = Upright.exchanges(display);
        float halfWidth = (sideways ? map.height() : map.width()) / 2;
        float halfHeight = (sideways ? map.width() : map.height()) / 2;
        float x = width / 2f;
        float y = height / 2f;
        Matrix matrix = new Matrix();
        matrix.setRectToRect(new RectF(0, 0, width, height),
                new RectF(x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight), Matrix.ScaleToFit.FILL);
        matrix.postRotate(-display, x, y);
        preview.setTransform(matrix);
        follower.setRotation(turn);
    }

    /** The preview's texture comes and goes with its window. */
    private final class Texture implements TextureView.SurfaceTextureListener {
        @Override
        public void onSurfaceTextureAvailable(SurfaceTexture texture, int width, int height) {
            source.setTexture(texture);
            place();
        }

        @Override
        public void onSurfaceTextureSizeChanged(SurfaceTexture texture, int width, int height) {
            place();
        }

        @Override
        public boolean onSurfaceTextureDestroyed(SurfaceTexture texture) {
            source.setTexture(null);
            return true;
        }

        @Override
        public void onSurfaceTextureUpdated(SurfaceTexture texture) {}
    }

    /** What fingers and the selection's buttons do. */
    private final class Actions extends SelectionPanel.Actions {
        @Override
        void onDrawingBegins() {
            if (state == CameraFlow.State.PREVIEW) {
                follower.freeze();
            }
        }

        @Override
        void onTap(int x, int y, int radius) {
            follower.drop(x, y, radius);
        }

        @Override
        void onLongPress(int x, int y, int radius) {
            follower.correct(x, y, radius);
        }

        @Override
        void onCancelSelection() {
            follower.cancelSelection();
        }

        @Override
        void onAccept() {
            message.setText(R.string.hint_working);
            follower.accept();
        }
    }
}
